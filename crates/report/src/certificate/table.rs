//! What a certificate is made of, as text.

use weighbridge_record::terms::Path;

/// The certificate of one trial.
pub struct Certificate {
    pub path: Path,
    pub repetition: u32,
    pub kind: &'static str,
    /// What there is to sign first: each with its figure.
    pub facts: Vec<(String, String)>,
    pub tables: Vec<Table>,
}

/// Rows of as many cells as there are columns; a cell is empty where the figure is not known.
#[derive(Debug, Clone)]
pub struct Table {
    pub caption: &'static str,
    /// What the figures are, in a sentence or two.
    pub note: &'static str,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Columns from the left that are words.
    pub words: usize,
}

impl Table {
    pub fn new(caption: &'static str, note: &'static str, columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { caption, note, columns, rows, words: 1 }
    }

    /// The same without the columns that say nothing; none if no row is left.
    pub fn shown(mut self) -> Option<Self> {
        for column in (self.words..self.columns.len()).rev() {
            if self.rows.iter().all(|row| row[column].is_empty()) {
                self.columns.remove(column);
                self.rows.iter_mut().for_each(|row| _ = row.remove(column));
            }
        }
        (!self.rows.is_empty()).then_some(self)
    }
}

/// A figure, or nothing where it is not known.
pub fn known<T>(figure: Option<T>, said: impl FnOnce(T) -> String) -> String {
    figure.map_or_else(String::new, said)
}
