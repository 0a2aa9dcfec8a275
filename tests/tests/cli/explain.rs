//! The pages on verdicts.

use tests::{run, tracer};

fn explained(arguments: &[&str]) -> tests::Finished {
    run(tracer().arg("--explain").args(arguments))
}

#[test]
fn every_verdict_of_the_list_has_a_page() {
    let list = explained(&[]).expect(0).stdout;
    assert_eq!(explained(&["list"]).expect(0).stdout, list);
    let names: Vec<_> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names.len(), 15, "{list}");
    for name in names {
        let page = explained(&[name]).expect(0).stdout;
        assert!(page.starts_with(&format!("# {name}\n")), "{page}");
    }
}

#[test]
fn an_unknown_verdict_is_a_wrong_argument_with_the_nearest_name() {
    let finished = explained(&["heap-chrun"]).expect(2);
    assert!(finished.stderr.contains("did you mean 'heap-churn'?"), "{finished}");
    assert_eq!(finished.stdout, "");
}
