//! Every file's cases on SQLite, and the list of them.

use crate::conformance::{Database, FILES, run};

/// Makes a test of each file, and sees that none is forgotten.
macro_rules! on_sqlite {
    ($($file:ident),* $(,)?) => {
        $(#[test]
        fn $file() {
            run(stringify!($file), &Database::Sqlite);
        })*

        #[test]
        fn no_file_is_forgotten() {
            let files: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
            assert_eq!(files, [$(stringify!($file)),*]);
        }
    };
}

on_sqlite!(
    transport,
    tokens,
    users,
    access,
    grids,
    nodes,
    services,
    vault,
    exec,
    sequences,
    sequences_of_service,
    sequences_of_master,
    logs,
    stats,
    withdrawn,
);

/// `cases.md` names every case that there is, and no other.
#[test]
fn the_list_of_cases_is_true() {
    let list = include_str!("cases.md");
    let named: Vec<&str> = list.split('`').filter(|word| word.contains("::case")).collect();
    let there: Vec<String> = FILES
        .iter()
        .flat_map(|(file, cases)| cases.iter().map(move |case| format!("{file}::{}", case.name)))
        .collect();
    for case in &there {
        assert!(named.contains(&case.as_str()), "{case} is not in cases.md");
    }
    for case in named {
        assert!(there.iter().any(|known| known == case), "{case} of cases.md does not exist");
    }
}
