//! The key or certificate that an SSH login was proven with, as sshd writes it at the end of its line.
//!
//! Source: OpenSSH's `auth2-pubkey.c` (`format_key`), `auth.c` (`auth_log`).

use event::{Column, Sink, attr};

/// What is told of a key.
#[derive(Debug, Default, PartialEq)]
struct Key<'a> {
    kind: &'a str,
    fingerprint: &'a str,
    /// The identity that the authority wrote into a certificate.
    id: &'a str,
    serial: &'a str,
    authority: &'a str,
}

/// `ED25519 SHA256:…`, `RSA 39:33:…`, `RSA-CERT SHA256:… ID alice@corp (serial 12) CA ED25519 SHA256:…`, older `RSA-CERT ID a (serial 1) CA RSA SHA256:…`.
pub fn tell(out: &mut dyn Sink, detail: &str) {
    let Some(key) = read(detail) else { return };
    out.other("key_type", key.kind);
    if !key.fingerprint.is_empty() {
        out.text(attr::USER_CREDENTIAL_UID, key.fingerprint);
        out.key(Column::Credential, key.fingerprint);
    }
    if !key.serial.is_empty() && !key.authority.is_empty() {
        out.text(attr::CERTIFICATE_SERIAL, key.serial);
        out.text(attr::CERTIFICATE_ISSUER, key.authority);
        out.text(attr::CERTIFICATE_SUBJECT, key.id);
    }
}

/// The same in an event of a class without a user's credential.
pub fn tell_bare(out: &mut dyn Sink, detail: &str) {
    let Some(key) = read(detail) else { return };
    out.other("key_type", key.kind);
    out.key(Column::Credential, key.fingerprint);
}

fn read(detail: &str) -> Option<Key<'_>> {
    let (kind, rest) = detail.split_once(' ')?;
    if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return None;
    }
    let (fingerprint, certificate) = match rest.split_once(' ') {
        Some((first, more)) if first.contains(':') => (first, more),
        None if rest.contains(':') => (rest, ""),
        _ => ("", rest),
    };
    let mut key = Key { kind, fingerprint: fingerprint.trim_end_matches(','), ..Key::default() };
    // The identity may hold anything, so serial and authority are sought from the end.
    if let Some((id, tail)) = certificate.strip_prefix("ID ").and_then(|c| c.rsplit_once(" (serial ")) {
        let (serial, authority) = tail.split_once(") CA ")?;
        let authority = authority.split_once(' ').map_or("", |(_, f)| f.split([' ', ',']).next().unwrap_or_default());
        key = Key { id: id.trim_matches('"'), serial, authority, ..key };
    }
    (!key.fingerprint.is_empty() || !key.serial.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let of = |t: &'static str| read(t).map(|k| (k.kind, k.fingerprint, k.id, k.serial, k.authority)).unwrap();
        assert_eq!(of("ED25519 SHA256:ab"), ("ED25519", "SHA256:ab", "", "", ""));
        assert_eq!(
            of("RSA-CERT SHA256:ab ID a (serial 9) CA x (serial 12) CA ED25519 SHA256:ca"),
            ("RSA-CERT", "SHA256:ab", "a (serial 9) CA x", "12", "SHA256:ca")
        );
        assert_eq!(of("RSA-CERT ID al (serial 7) CA RSA 11:22"), ("RSA-CERT", "", "al", "7", "11:22"));
        assert_eq!(read("client user x"), None);
    }
}
