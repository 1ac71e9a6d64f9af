//! `tools/verify.py` as a second opinion.

use std::path::{Path, PathBuf};
use std::process::Command;

use ledger::{Note, SigningKey, VerifyingKey};

use crate::fixture::Store;

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools")
}

/// Runs Python with the arguments: exit code and output. Python is needed: without it half of the promise is untested.
fn python(args: &[&str]) -> (i32, String) {
    let run = Command::new("python3").arg("-B").args(args).current_dir(tools()).output().expect("python3 of 3.11 or later");
    let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    (run.status.code().unwrap_or(-1), text)
}

/// Has Python judge files, all in one process. For each whether it is valid, and what was said.
pub fn judge(files: &[PathBuf], key: Option<&VerifyingKey>) -> (i32, Vec<(bool, String)>) {
    let key = key.map(ToString::to_string);
    let mut args = vec!["verify.py"];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    args.extend(key.iter().flat_map(|key| ["--key", key]));
    let (code, text) = python(&args);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), files.len(), "a line each:\n{text}");
    let said = files.iter().zip(lines).map(|(file, line)| {
        let said = line.strip_prefix(file.to_str().unwrap()).and_then(|l| l.strip_prefix(": ")).unwrap();
        (said.starts_with("valid: "), said.to_owned())
    });
    (code, said.collect())
}

#[test]
fn it_has_at_most_150_lines() {
    assert!(std::fs::read_to_string(tools().join("verify.py")).unwrap().lines().count() <= 150);
}

#[test]
fn it_accepts_what_rust_writes_and_says_whose_key() {
    let (dir, store) = (tempfile::tempdir().unwrap(), Store::new("muster.example/store-1", 1));
    let files = [dir.path().join("range.zip"), dir.path().join("selection.zip")];
    std::fs::write(&files[0], store.write(&store.range())).unwrap();
    std::fs::write(&files[1], store.write(&store.selection())).unwrap();
    let (code, said) = judge(&files, Some(&store.key.verifying_key()));
    assert!(code == 0 && said[0].1.contains("as given") && said[0].1.contains("with books") && said[0].1.contains("; complete: "), "{said:?}");
    let (code, said) = judge(&files, None);
    assert!(code == 0 && said[1].1.contains("from the bundle itself") && said[1].1.contains("a selection that says nothing"), "{said:?}");
    let vkey = dir.path().join("vkey");
    std::fs::write(&vkey, format!("{}\n", store.key.verifying_key())).unwrap();
    let (code, said) = python(&["verify.py", "--key", vkey.to_str().unwrap(), files[0].to_str().unwrap()]);
    assert!(code == 0 && said.contains("as given"), "{said}");
    let other = Store::new("muster.example/store-1", 2);
    assert_eq!(judge(&files, Some(&other.key.verifying_key())).0, 1);
    let ordinary = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist())";
    let (_, listed) = python(&["-c", ordinary, files[0].to_str().unwrap()]);
    assert_eq!(listed.trim(), "None books checkpoint events.jsonl key manifest.json proofs.bin records.bin seal", "a stranger's zip reader");
}

#[test]
fn exit_codes_say_whether_it_was_checked() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text");
    std::fs::write(&text, "no zip").unwrap();
    let (text, none) = (text.to_str().unwrap(), dir.path().join("none").to_str().unwrap().to_owned());
    assert_eq!(python(&["verify.py", text]).0, 1);
    assert_eq!(python(&["verify.py", &none]).0, 3);
    assert_eq!(python(&["verify.py", &none, text]).0, 1);
    assert_eq!(python(&["verify.py"]).0, 2);
    assert_eq!(python(&["verify.py", text, "--key", "nonsense"]).0, 2);
}

#[test]
fn its_ed25519_knows_the_vectors_of_rfc_8032() {
    let script = r#"
from verify import ed25519, L
h = bytes.fromhex
for public, message, sig in (
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
):
    assert ed25519(h(public), h(message), h(sig))
    assert not ed25519(h(public), h(message) + b"x", h(sig))
    more = h(sig)[:32] + (int.from_bytes(h(sig)[32:], "little") + L).to_bytes(32, "little")
    assert not ed25519(h(public), h(message), more), "S beyond the order of the group"
    assert not ed25519(h(public), h(message), h(sig) + b"\0")
one = (1).to_bytes(32, "little")  # the neutral element: signs anything without the small order check
assert not ed25519(one, b"x", one + bytes(32))
print("good")
"#;
    assert_eq!(python(&["-c", script]), (0, "good\n".to_owned()));
}

#[test]
fn rust_refuses_the_signatures_that_python_refuses() {
    // S + L instead of S is another spelling of the same signature.
    const L: [u8; 32] =
        [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10];
    let key = SigningKey::from_seed("k", &[1; 32]).unwrap();
    let note = Note::sign("text\n", &key).unwrap().to_string();
    let (head, line) = note.trim_end().rsplit_once(' ').unwrap();
    let mut data = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, line).unwrap();
    let mut carry = 0u16;
    for (byte, add) in data[36..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let other = Note::parse(&format!("{head} {}\n", ledger::base64(data))).unwrap();
    assert!(other.verify(&key.verifying_key()).is_err());
    assert!(Note::parse(&note).unwrap().verify(&key.verifying_key()).is_ok());
}
