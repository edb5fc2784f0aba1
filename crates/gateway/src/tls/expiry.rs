//! When a certificate ends: reads just that field of its DER (RFC 5280, section 4.1), and nothing
//! that it says is trusted for anything but the operator's eyes.

use jiff::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter`, in seconds since 1970; `None` where the certificate has none that can be read.
pub(super) fn not_after(certificate: &[u8]) -> Option<u64> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut fields, _) = expect(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, _, fields) = element(fields)?;
    }
    // Serial number, signature algorithm and issuer stand before it.
    for _ in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (validity, _) = expect(fields, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, time, _) = element(rest)?;
    let time = std::str::from_utf8(time).ok()?;
    let digits = match tag {
        // The century begins in 1950 (RFC 5280, section 4.1.2.5.1).
        UTC_TIME if time.get(..2)? >= "50" => format!("19{time}"),
        UTC_TIME => format!("20{time}"),
        GENERALIZED_TIME => time.to_owned(),
        _ => return None,
    };
    let digits = digits.strip_suffix('Z')?;
    let moment = Timestamp::strptime("%Y%m%d%H%M%S%z", format!("{digits}+0000")).ok()?;
    u64::try_from(moment.as_second()).ok()
}

fn expect(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(bytes)?;
    (tag == wanted).then_some((content, rest))
}

/// The first element's tag and content, and what stands behind it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::certificate_until;

    #[test]
    fn the_end_is_read_in_both_notations() {
        // The year decides how it is written: in two digits before 2050.
        for (year, seconds) in [(2031, 1_924_992_000), (2049, 2_493_072_000), (2077, 3_376_684_800)]
        {
            assert_eq!(not_after(&certificate_until(year)), Some(seconds), "{year}");
        }
    }

    #[test]
    fn what_is_cut_short_or_something_else_has_none() {
        let whole = certificate_until(2031);
        for len in 0..whole.len() {
            assert_eq!(not_after(&whole[..len]), None, "{len} bytes");
        }
        assert_eq!(not_after(b"\x30\x03\x02\x01\x01"), None);
    }
}
