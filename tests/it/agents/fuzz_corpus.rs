//! The corpus of the fuzz target `agent_frame`, replayed: what once was found stays fixed, without a
//! fuzzer.

use kontena_master::wire;

#[path = "../../../fuzz/src/driver.rs"]
mod driver;

#[test]
fn every_frame_of_the_corpus_is_read_without_harm() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/agent_frame");
    let mut frames = 0;
    for entry in std::fs::read_dir(corpus).expect("the corpus") {
        let path = entry.expect("an entry").path();
        // Shown where the test fails.
        println!("{}", path.display());
        driver::drive(&std::fs::read(&path).expect("a file"));
        frames += 1;
    }
    assert!(frames >= 30, "{frames} files of the corpus");
}
