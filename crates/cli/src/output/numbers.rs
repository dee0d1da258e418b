//! Sizes and decimals.

const GIB: f64 = 1_073_741_824.0;

/// Writes a number rounded to two decimals, without padding but with at least one: `0.39`, `2.0`.
pub(crate) fn two_decimals(number: f64) -> String {
    let rounded = (number * 100.0).round() / 100.0;
    // Debug keeps the `.0` that Display drops; adding 0 turns -0 into 0.
    format!("{:?}", rounded + 0.0)
}

/// Writes bytes as binary gigabytes.
pub(crate) fn gigabytes(bytes: f64) -> String {
    two_decimals(bytes / GIB)
}

/// Writes bytes in the largest decimal unit they fill, cut to whole units: `268MB`.
pub(crate) fn decimal_size(bytes: i64) -> String {
    const UNITS: [&str; 7] = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];
    let mut size = bytes;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while size.abs() >= 1000
        && let Some(larger) = units.next()
    {
        size /= 1000;
        unit = Some(larger);
    }
    format!("{size}{}", unit.unwrap_or(&"B"))
}

/// Writes bytes in the largest decimal unit they fill, with at most two decimals: `123.46M`, `1K`.
pub(crate) fn short_size(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let mut size = bytes;
    let mut unit = UNITS.first().copied().unwrap_or_default();
    for larger in UNITS.iter().skip(1) {
        // What rounds to 1000 of a unit is 1 of the next.
        if (size * 100.0).round() / 100.0 < 1000.0 {
            break;
        }
        size /= 1000.0;
        unit = larger;
    }
    format!("{}{unit}", (size * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in
            [(0, "0B"), (999, "999B"), (1000, "1KB"), (268_435_456, "268MB"), (-1, "-1B")]
        {
            assert_eq!(decimal_size(bytes), text);
        }
        assert_eq!(decimal_size(i64::MAX), "9EB");
    }

    #[test]
    fn short_sizes_drop_zeros() {
        for (bytes, text) in [
            (0.0, "0B"),
            (999.0, "999B"),
            (1000.0, "1K"),
            (123_456_789.0, "123.46M"),
            (268_435_456.0, "268.44M"),
            (999_999.9, "1M"),
            (1.5e12, "1.5T"),
            (2e15, "2000T"),
        ] {
            assert_eq!(short_size(bytes), text);
        }
    }

    #[test]
    fn decimals() {
        for (number, text) in [(0.7449, "0.74"), (0.3051, "0.31"), (2.0, "2.0"), (-0.001, "0.0")] {
            assert_eq!(two_decimals(number), text);
        }
        assert_eq!(gigabytes(8_589_934_592.0), "8.0");
        assert_eq!(gigabytes(22_750_584_832.0), "21.19");
    }
}
