//! docs/filters.md has the table of fields that the parser goes by.

use super::*;

#[test]
fn the_guide_has_the_table_of_fields() {
    let guide = include_str!("../../../docs/filters.md");
    let table = guide
        .find("| field | also |")
        .and_then(|start| guide.get(start..));
    assert_eq!(table, Some(fields_table().as_str()));
}
