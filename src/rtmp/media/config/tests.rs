use super::*;

#[test]
fn ratios_are_reduced_and_zero_means_untold() {
    assert_eq!(Ratio::new(60_000, 2_002).unwrap().to_string(), "30000/1001");
    assert_eq!(Ratio::new(0, 1), None);
    assert_eq!(Ratio::new(25, 0), None);
}
