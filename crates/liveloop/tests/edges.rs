//! Who may know whom: walks the manifests and the page's imports, and fails on a forbidden edge.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// For each crate of the house, the others that it may know.
const CRATES: [(&str, &[&str]); 8] = [
    ("bench", &["protocol"]),
    ("core", &[]),
    ("protocol", &["core"]),
    ("ports", &["core"]),
    ("sqlite", &["core", "ports"]),
    ("gateway", &["core", "protocol", "ports"]),
    ("liveloop", &["core", "protocol", "ports", "sqlite", "gateway"]),
    ("sim", &["protocol", "gateway"]),
];

/// Drivers of stores and engines, which belong into an adapter of their own.
const DRIVERS: [&str; 5] = ["redis", "mongodb", "rusqlite", "sqlx", "bson"];

/// The adapters, each with its one driver.
const ADAPTERS: [(&str, &str); 1] = [("sqlite", "rusqlite")];

/// For each folder of the page, the others that it may import from.
const FOLDERS: [(&str, &[&str]); 7] = [
    ("app", &["features", "media", "signaling", "ui", "lib", "protocol"]),
    ("features", &["media", "signaling", "ui", "lib", "protocol"]),
    ("media", &["lib", "protocol"]),
    ("signaling", &["lib", "protocol"]),
    ("ui", &["media", "lib"]),
    ("lib", &["protocol"]),
    ("protocol", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn dependencies(name: &str) -> BTreeSet<String> {
    let path = root().join("crates").join(name).join("Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_crate_is_listed() {
    let listed: BTreeSet<_> = CRATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let there: BTreeSet<_> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn no_crate_knows_whom_it_may_not() {
    for (name, allowed) in CRATES {
        for dependency in dependencies(name) {
            if let Some(other) = dependency.strip_prefix("liveloop-") {
                assert!(allowed.contains(&other), "{name} must not know {other}");
            }
            let is_its_own = ADAPTERS.contains(&(name, dependency.as_str()));
            let is_driver = DRIVERS.contains(&dependency.as_str());
            assert!(!is_driver || is_its_own, "{name} must not know {dependency}");
        }
    }
    assert_eq!(dependencies("core"), BTreeSet::new(), "core knows the standard library alone");
}

/// The one file with unsafe code.
const UNSAFE: &str = "crates/gateway/src/plane/uring.rs";

#[test]
fn unsafe_code_is_in_one_file() {
    let mut files = Vec::new();
    for (name, _) in CRATES {
        for folder in ["src", "tests", "examples"] {
            let folder = root().join("crates").join(name).join(folder);
            if folder.exists() {
                sources(&folder, &["rs"], &mut files);
            }
        }
    }
    let is_unsafe = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        ["{", "fn", "impl", "extern", "trait"]
            .iter()
            .any(|what| text.contains(&format!("{} {what}", "unsafe")))
    };
    files.retain(is_unsafe);
    assert_eq!(files, [root().join(UNSAFE)]);
    for (name, _) in CRATES.iter().filter(|(name, _)| *name != "gateway") {
        let source = root().join("crates").join(name).join("src");
        let top = ["lib.rs", "main.rs"].map(|top| fs::read_to_string(source.join(top)));
        let top = top.into_iter().find_map(Result::ok).unwrap();
        assert!(top.contains("#![forbid(unsafe_code)]"), "{name} has no unsafe code");
    }
}

fn sources(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, endings, found);
        } else if path.extension().is_some_and(|end| endings.iter().any(|it| end == *it)) {
            found.push(path);
        }
    }
}

/// The top folder that a relative import of `file` leads to.
fn target(file: &Path, import: &str, src: &Path) -> Option<String> {
    let mut path = file.parent()?.to_owned();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => path = path.parent()?.to_owned(),
            part => path.push(part),
        }
    }
    let inside = path.strip_prefix(src).ok()?;
    Some(inside.components().next()?.as_os_str().to_str()?.to_owned())
}

#[test]
fn no_folder_of_the_page_imports_from_above() {
    let src = root().join("web/src");
    let mut checked = 0;
    for (folder, allowed) in FOLDERS {
        let mut files = Vec::new();
        sources(&src.join(folder), &["ts", "tsx"], &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let imports = text.split("from ").skip(1).chain(text.split("import(").skip(1));
            for import in imports.filter_map(|rest| rest.split(['"', '\'']).nth(1)) {
                if !import.starts_with('.') {
                    continue;
                }
                let Some(other) = target(&file, import, &src) else { continue };
                let is_allowed = other == folder || allowed.contains(&other.as_str());
                let shown = file.strip_prefix(&src).unwrap().display();
                assert!(is_allowed, "{shown} of {folder} must not import from {other}");
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "only {checked} imports were found: has the page moved?");
}
