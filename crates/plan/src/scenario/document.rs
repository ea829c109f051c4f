//! A TOML document as a tree in which every value knows where it was written: in the file, or on the
//! command line.
//!
//! Overrides and sweep values are set on the tree, so that a mistake in them is reported where it was
//! made. What the keys mean is the business of the other modules.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Byte offsets in the scenario file.
    File(Range<usize>),
    /// A flag of the command line, as written.
    Flag(String),
    /// A variable of the environment, in words.
    Variable(String),
}

#[derive(Debug, Clone)]
pub struct Node {
    pub origin: Origin,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub enum Value {
    Text(String),
    /// From the least of 64 bits with a sign to the greatest of 64 bits without.
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Datetime(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub key_origin: Origin,
    pub node: Node,
}

/// A mistake in the syntax, with its place in the text.
#[derive(Debug, Clone)]
pub struct SyntaxError {
    pub span: Range<usize>,
    pub message: String,
}

/// Reads a whole document, and reports every mistake in its syntax.
pub fn parse(text: &str) -> Result<Node, Vec<SyntaxError>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { origin: Origin::File(0..0), value: table_from(table.into_inner(), &Origin::File) });
    }
    let located = |error: toml::de::Error| SyntaxError {
        span: error.span().unwrap_or(0..0),
        message: error.message().to_owned(),
    };
    Err(errors.into_iter().map(located).collect())
}

/// Reads one value of the command line; a bare word is a string.
pub fn parse_flag_value(text: &str, flag: &str) -> Result<Node, String> {
    let origin = |_| Origin::Flag(flag.to_owned());
    match DeValue::parse(text) {
        Ok(value) => Ok(node_from(value, &origin)),
        Err(_) if text.trim().is_empty() => Err("no value after `=`".to_owned()),
        Err(error) if text.starts_with(['[', '{', '"', '\'']) => {
            Err(format!("not a TOML value: {}", error.message()))
        }
        Err(_) => Ok(Node { origin: origin(0..0), value: Value::Text(text.to_owned()) }),
    }
}

fn node_from(value: Spanned<DeValue<'_>>, origin: &dyn Fn(Range<usize>) -> Origin) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => integer_from(integer.as_str(), integer.radix()),
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(datetime) => Value::Datetime(datetime.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node_from(item, origin)).collect()),
        DeValue::Table(table) => table_from(table, origin),
    };
    Node { origin: origin(span), value }
}

/// An integer that 64 bits can't hold becomes a float, which every limit then refuses.
fn integer_from(digits: &str, radix: u32) -> Value {
    match i128::from_str_radix(digits, radix) {
        Ok(integer) if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&integer) => {
            Value::Integer(integer)
        }
        _ => Value::Float(digits.parse().unwrap_or(f64::INFINITY)),
    }
}

/// The parser sorts keys by name; their places in the file restore the author's order.
fn table_from(table: DeTable<'_>, origin: &dyn Fn(Range<usize>) -> Origin) -> Value {
    let mut pairs: Vec<_> = table.into_iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (Spanned<std::borrow::Cow<'_, str>>, Spanned<DeValue<'_>>)| Entry {
        key_origin: origin(key.span()),
        key: key.into_inner().into_owned(),
        node: node_from(value, origin),
    };
    Value::Table(pairs.into_iter().map(entry).collect())
}

impl Node {
    /// The value at a path; a step into a list is an index.
    pub fn get(&self, path: &[&str]) -> Option<&Node> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == *first)?.node.get(rest),
            Value::List(items) => items.get(first.parse::<usize>().ok()?)?.get(rest),
            _ => None,
        }
    }

    /// Where the value at a path was written, or else the nearest table around it.
    pub fn origin_of(&self, path: &[&str]) -> &Origin {
        let (Some((first, rest)), Value::Table(entries)) = (path.split_first(), &self.value) else {
            return self.get(path).map_or(&self.origin, |node| &node.origin);
        };
        match entries.iter().find(|entry| entry.key == *first) {
            // A `[table]` is known by its header, not by all its lines.
            Some(entry) if !rest.is_empty() && entry.node.get(rest).is_none() => match entry.node.value {
                Value::Table(_) if entry.node.get(&rest[..1]).is_none() => &entry.key_origin,
                _ => entry.node.origin_of(rest),
            },
            Some(entry) => entry.node.origin_of(rest),
            None => &self.origin,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Puts a value at a path and makes the tables on the way; fails where a step isn't a table.
    pub fn set(&mut self, path: &[String], key_origin: &Origin, node: Node) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else { return Err("empty key path".to_owned()) };
        if let Value::List(items) = &mut self.value {
            let count = items.len();
            let item = first.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            let item = item.ok_or_else(|| {
                format!("`{first}` is no place in a list of {count}, which are counted from 0")
            })?;
            return match rest.is_empty() {
                true => {
                    *item = node;
                    Ok(())
                }
                false => item.set(rest, key_origin, node),
            };
        }
        let Value::Table(entries) = &mut self.value else {
            return Err(format!("`{first}` can't be set in something that isn't a table"));
        };
        let at = entries.iter().position(|entry| entry.key == *first).unwrap_or_else(|| {
            let table = Node { origin: key_origin.clone(), value: Value::Table(Vec::new()) };
            entries.push(Entry { key: first.clone(), key_origin: key_origin.clone(), node: table });
            entries.len() - 1
        });
        let entry = &mut entries[at];
        if rest.is_empty() {
            entry.key_origin = key_origin.clone();
            entry.node = node;
            return Ok(());
        }
        entry.node.set(rest, key_origin, node)
    }

    /// Takes a key out of a table.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let Value::Table(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at))
    }

    /// What the value is, with its article.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a decimal number",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The document as TOML text, in the order of the keys.
    pub fn to_toml(&self) -> String {
        let (tables, plain): (Vec<_>, Vec<_>) =
            self.entries().iter().partition(|entry| matches!(entry.node.value, Value::Table(_)));
        let mut out = String::new();
        for entry in plain {
            out.push_str(&format!("{} = {}\n", toml_key(&entry.key), toml_value(&entry.node)));
        }
        for table in tables {
            out.push_str(&format!("\n[{}]\n", toml_key(&table.key)));
            for entry in table.node.entries() {
                out.push_str(&format!("{} = {}\n", toml_key(&entry.key), toml_value(&entry.node)));
            }
        }
        out
    }
}

/// A key, in quotes where it needs them.
pub fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_owned() } else { toml_text(key) }
}

fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value on one line but for strings with line breaks.
pub fn toml_value(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => toml_text(text),
        Value::Integer(integer) => integer.to_string(),
        Value::Float(float) => toml::Value::Float(*float).to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(datetime) => datetime.clone(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(toml_value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(entries) => {
            let pair = |entry: &Entry| format!("{} = {}", toml_key(&entry.key), toml_value(&entry.node));
            let pairs: Vec<_> = entries.iter().map(pair).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, Origin, Value, parse, parse_flag_value};

    const TEXT: &str = "name = \"a\"\n[load]\nrate = 5\nstages = [{ target = 1 }]\n[brokers]\n";

    fn span_text(node: &Node, path: &[&str]) -> String {
        match node.origin_of(path) {
            Origin::File(span) => TEXT[span.clone()].to_owned(),
            Origin::Flag(place) | Origin::Variable(place) => place.clone(),
        }
    }

    #[test]
    fn a_value_knows_its_place_and_a_missing_one_that_of_its_table() {
        let tree = parse(TEXT).unwrap();
        assert_eq!(span_text(&tree, &["load", "rate"]), "5");
        assert_eq!(span_text(&tree, &["load", "stages", "0", "target"]), "1");
        assert_eq!(span_text(&tree, &["load", "duration"]), "load");
        assert_eq!(span_text(&tree, &["question"]), "");
    }

    #[test]
    fn keys_keep_the_order_of_the_file_when_written_again() {
        let text = "b = 1\na = \"x\"\n\n[z]\nk = [1, 2.5]\n\n[c]\nt = { v = true }\n";
        assert_eq!(parse(text).unwrap().to_toml(), text);
    }

    #[test]
    fn every_mistake_of_syntax_is_reported() {
        let errors = parse("a = \nb = 1\nc = ]\n").unwrap_err();
        assert!(errors.len() >= 2, "{errors:?}");
    }

    #[test]
    fn a_bare_word_on_the_command_line_is_a_string() {
        let kind = |text| parse_flag_value(text, "--set").map(|node| node.kind());
        assert_eq!(kind("5s"), Ok("a string"));
        assert_eq!(kind("< 50ms"), Ok("a string"));
        assert_eq!(kind("5"), Ok("an integer"));
        assert_eq!(kind("[1, 2]"), Ok("a list"));
        assert!(kind("[1, 2").is_err());
        assert!(kind("").is_err());
    }

    #[test]
    fn setting_a_path_makes_the_tables_on_the_way() {
        let mut tree = parse(TEXT).unwrap();
        let flag = Origin::Flag("--set".to_owned());
        let value = Node { origin: flag.clone(), value: Value::Integer(3) };
        let path: Vec<_> = ["workers", "count"].map(str::to_owned).into();
        tree.set(&path, &flag, value.clone()).unwrap();
        assert!(matches!(tree.get(&["workers", "count"]).unwrap().value, Value::Integer(3)));
        let through_a_string: Vec<_> = ["name", "x"].map(str::to_owned).into();
        assert!(tree.set(&through_a_string, &flag, value).is_err());
    }
}
