//! Embeds the built page: every file of `web/dist` becomes a `PageFile` with its content type, its
//! ETag and, where the page's build made them, its brotli and gzip copies.
//!
//! Nothing is compressed or built here; without a page the build stops with one sentence.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        println!("cargo::error=the page is not built: run `make page` first");
        // Failed, not only said: cargo would say it again after a page with an older date had been laid there.
        process::exit(1);
    }
    let dist = dist.canonicalize()?;
    let mut files = Vec::new();
    gather(&dist, &mut files)?;
    files.sort();

    let mut table = String::from("static FILES: &[PageFile] = &[\n");
    for file in files.iter().filter(|file| !is_compressed_copy(file)) {
        let path = format!("/{}", file.strip_prefix(&dist).expect("found below it").display());
        table.push_str(&entry(&path, file)?);
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("page.rs"), table)
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else if !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_compressed_copy(file: &Path) -> bool {
    let is_copy = file.extension().is_some_and(|ending| ending == "br" || ending == "gz");
    is_copy && file.with_extension("").is_file()
}

fn entry(path: &str, file: &Path) -> io::Result<String> {
    let content = fs::read(file)?;
    let digest = Sha256::digest(&content);
    let etag: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!(
        "    PageFile {{\n        path: {path:?},\n        content_type: {:?},\n        \
         etag: {:?},\n        is_immutable: {},\n        identity: include_bytes!({file:?}),\n        \
         gzip: {},\n        brotli: {},\n    }},\n",
        content_type(file),
        format!("\"{etag}\""),
        path.starts_with("/assets/"),
        copy(file, "gz"),
        copy(file, "br"),
    ))
}

fn copy(file: &Path, ending: &str) -> String {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    let path = PathBuf::from(name);
    if path.is_file() { format!("Some(include_bytes!({path:?}))") } else { "None".into() }
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}
