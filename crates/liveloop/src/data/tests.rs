//! The folder and its files: made once, private, and whole.

use std::{os::unix::fs::symlink, thread};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folder_and_secret_are_private_and_stay_the_same() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a/b");
    let folder = DataFolder::open(Some(&path)).unwrap();
    let (secret, node) = (folder.secret().unwrap(), folder.node_name().unwrap());
    assert_eq!((mode(&path), mode(&path.join("secret"))), (0o700, 0o600));
    let again = DataFolder::open(Some(&path)).unwrap();
    assert_eq!((again.secret().unwrap(), again.node_name().unwrap()), (secret, node));
    let left: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no draft is left behind: {left:?}");
}

#[test]
fn two_folders_have_two_secrets() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = |path: &Path| DataFolder::open(Some(path)).unwrap().secret().unwrap();
    assert!(secret(one.path()) != secret(two.path()));
}

#[test]
fn servers_that_start_at_once_agree() {
    let parent = tempfile::tempdir().unwrap();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let path = parent.path().to_owned();
            thread::spawn(move || {
                let folder = DataFolder::open(Some(&path)).unwrap();
                (folder.secret().unwrap().key(), folder.node_name().unwrap())
            })
        })
        .collect();
    let outcomes: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
}

#[test]
fn a_secret_that_others_can_read_is_made_private() {
    let parent = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(Some(parent.path())).unwrap();
    let secret = folder.secret().unwrap();
    let file = parent.path().join("secret");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(folder.secret().unwrap(), secret);
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_damaged_file_is_not_replaced_in_silence() {
    let parent = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(Some(parent.path())).unwrap();
    for name in ["secret", "node"] {
        fs::write(parent.path().join(name), "\n").unwrap();
    }
    assert!(folder.secret().unwrap_err().to_string().contains("is damaged"));
    assert!(folder.node_name().unwrap_err().to_string().contains("holds no usable name"));
}

#[test]
fn a_folder_that_cannot_be_says_why_and_what_to_do() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let told = DataFolder::open(Some(&file.join("below"))).unwrap_err().to_string();
    assert!(told.contains("the data folder cannot be made"), "{told}");
    assert!(told.contains("choose another path"), "{told}");

    let gone = parent.path().join("gone");
    symlink("/proc/self/fdinfo", &gone).unwrap();
    let told = DataFolder::open(Some(&gone)).unwrap_err().to_string();
    assert!(told.contains("the data folder cannot be written to"), "{told}");
}

#[test]
fn errors_of_the_file_system_come_with_a_way_out() {
    for (kind, said) in [
        (ErrorKind::StorageFull, "free some space"),
        (ErrorKind::PermissionDenied, "give this account the right"),
        (ErrorKind::ReadOnlyFilesystem, "mounted read-only"),
    ] {
        assert!(advice(&io::Error::from(kind)).contains(said));
    }
}

#[test]
fn the_operators_secret_file_is_read_as_it_is() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("secret");
    fs::write(&file, "  0123456789abcdef\n").unwrap();
    let wanted = SecretText::new("0123456789abcdef").unwrap();
    assert_eq!(secret_of_file(&file).unwrap(), wanted);
    fs::write(&file, "short").unwrap();
    assert!(secret_of_file(&file).unwrap_err().to_string().contains("too short"));
    assert!(
        secret_of_file(&parent.path().join("x")).unwrap_err().to_string().contains("not there")
    );
}
