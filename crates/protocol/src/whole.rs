//! Whole numbers as JSON Schema understands them: `5.0` and `5e0` are the integer 5, and some languages
//! write it so.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// The first number above all of `u64`.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of 0 or more")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is whole and within u64"
            )]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                if number.fract() == 0.0 && (0.0..BEYOND).contains(&number) {
                    return Ok(Whole(number as u64));
                }
                Err(E::invalid_value(Unexpected::Float(number), &self))
            }
        }
        from.deserialize_u64(Reader)
    }
}

/// Reads a field that must be there.
///
/// # Errors
/// Where it is no whole number.
pub fn required<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Ok(Whole::deserialize(from)?.0)
}

/// Reads a field that may be absent or `null`.
///
/// # Errors
/// Where it is anything else but a whole number, or more than `T` holds.
pub fn optional<'de, D: Deserializer<'de>, T: TryFrom<u64>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let Some(Whole(number)) = Option::deserialize(from)? else { return Ok(None) };
    let narrow = T::try_from(number);
    narrow
        .map(Some)
        .map_err(|_| D::Error::invalid_value(Unexpected::Unsigned(number), &"a smaller number"))
}
