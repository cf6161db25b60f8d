//! One-hot encoding: one column for each category, 1 in the category's own and 0 in the others.

use crate::scalar::Cell;

/// Writes one row's columns, which hold zeros. `None` if there is no column for `category`.
pub(crate) fn write<T: Cell>(columns: &mut [T], category: u32) -> Option<()> {
    let column = columns.get_mut(usize::try_from(category).ok()?)?;
    *column = T::from_i64(1)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn marks_the_category_and_nothing_else() {
        let mut columns = [0f32; 3];
        assert_eq!(write(&mut columns, 2), Some(()));
        assert_eq!(columns, [0., 0., 1.]);
    }

    #[test]
    fn a_category_without_a_column_changes_nothing() {
        let mut columns = [false; 2];
        assert_eq!(write(&mut columns, 2), None);
        assert_eq!(columns, [false; 2]);
    }
}
