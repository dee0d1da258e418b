//! The name in a certificate's subject; nothing else of a certificate is read here.

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const VERSION: u8 = 0xa0;
/// `2.5.4.3`, the common name.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Returns the common name of a certificate's subject.
pub(super) fn common_name(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = expect(SEQUENCE, certificate)?;
    let (mut fields, _) = expect(SEQUENCE, certificate)?;
    if let Some((_, rest)) = expect(VERSION, fields) {
        fields = rest;
    }
    // Serial number, algorithm, issuer, validity.
    for _ in 0..4 {
        (_, _, fields) = element(fields)?;
    }
    let (mut subject, _) = expect(SEQUENCE, fields)?;
    while !subject.is_empty() {
        let (attributes, rest) = expect(SET, subject)?;
        let (attribute, _) = expect(SEQUENCE, attributes)?;
        let (kind, value) = expect(OBJECT, attribute)?;
        if kind == COMMON_NAME {
            let (_, text, _) = element(value)?;
            return String::from_utf8(text.to_vec()).ok();
        }
        subject = rest;
    }
    None
}

fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// Splits into tag, content and what comes behind.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long & 0x7f)?;
            if digits.len() > 4 {
                return None;
            }
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use ureq::tls::Certificate;

    use super::*;

    #[test]
    fn the_name_of_an_authority() {
        let pem = include_bytes!("../../tests/cli/tls/ca.pem");
        let certificate = Certificate::from_pem(pem).unwrap();
        assert_eq!(common_name(certificate.der()).as_deref(), Some("master.example.com"));
    }

    #[test]
    fn what_is_no_certificate_has_no_name() {
        let pem = include_bytes!("../../tests/cli/tls/ca.pem");
        let der = Certificate::from_pem(pem).unwrap().der().to_vec();
        for length in 0..200 {
            assert_eq!(common_name(&der[..length]), None);
        }
        assert_eq!(common_name(&[0x30, 0xff, 0xff]), None);
    }
}
