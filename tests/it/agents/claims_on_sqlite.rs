//! The claims on SQLite; `tests/system/claims.rs` runs them on Postgres.

use super::claims;

macro_rules! tests {
    ($($claim:ident;)*) => {
        $(
            #[test]
            fn $claim() {
                claims::$claim(&claims::Database::new());
            }
        )*
    };
}
claims::for_each_claim!(tests);
