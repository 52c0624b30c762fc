//! Reads the source into a tree: recursive descent with a precedence for each operator, and limits on depth and size.

use std::sync::Arc;

use crate::ast::{Binary, Comprehension, Expr, Kind, Macro};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::{Token, lex};
use crate::span::Span;
use crate::value::Value;

/// The deepest nesting that is read.
const MAX_DEPTH: u16 = 150;
/// The most nodes a rule may have.
const MAX_NODES: u32 = 20_000;

const RESERVED: [&str; 16] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
];

/// Reads an expression.
///
/// # Errors
/// The first place where the text does not follow the grammar or goes beyond the limits.
pub(crate) fn parse(source: &str) -> Result<Expr, Diagnostic> {
    let tokens = lex(source)?;
    let mut parser = Parser { source, tokens, at: 0, depth: 0, nodes: 0 };
    let expr = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => parser.unexpected("演算子（&& など）か終わり", "an operator (such as &&) or the end"),
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: u16,
    nodes: u32,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Span {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> (Token, Span) {
        let token = self.tokens[self.at].clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(m) if *m == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, mark: &str) -> Result<Span, Diagnostic> {
        if self.is(mark) { Ok(self.next().1) } else { self.unexpected(&format!("「{mark}」"), &format!("{mark:?}")) }
    }

    fn fail<T>(&self, span: Span, code: Code, ja: &str, en: &str) -> Result<T, Diagnostic> {
        Err(Diagnostic::new(self.source, span, code, ja, en))
    }

    fn unexpected<T>(&self, ja: &str, en: &str) -> Result<T, Diagnostic> {
        let span = self.span();
        let (found_ja, found_en) = match self.peek() {
            Token::End => ("ここで終わっています".to_owned(), "the rule ends here".to_owned()),
            _ => (format!("「{}」があります", span.text(self.source)), format!("found {:?}", span.text(self.source))),
        };
        self.fail(span, Code::Syntax, &format!("{ja}が必要ですが、{found_ja}"), &format!("expected {en}, but {found_en}"))
    }

    fn make(&mut self, span: Span, kind: Kind) -> Result<Expr, Diagnostic> {
        self.nodes += 1;
        let depth = 1 + deepest(&kind);
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return self.too_large(span);
        }
        Ok(Expr { span, depth, kind })
    }

    fn too_large<T>(&self, span: Span) -> Result<T, Diagnostic> {
        self.fail(span, Code::TooLarge, "ルールの入れ子が深すぎるか、大きすぎます", "the rule is too deeply nested or too large")
    }

    /// `a ? b : c`, binding loosest.
    fn expression(&mut self) -> Result<Expr, Diagnostic> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.too_large(self.span());
        }
        let condition = self.disjunction()?;
        let result = if self.take("?") {
            let yes = self.disjunction()?;
            self.expect(":")?;
            let no = self.expression()?;
            let span = condition.span.to(no.span);
            self.make(span, Kind::Cond(Box::new([condition, yes, no])))
        } else {
            Ok(condition)
        };
        self.depth -= 1;
        result
    }

    fn disjunction(&mut self) -> Result<Expr, Diagnostic> {
        let mut parts = vec![self.conjunction()?];
        while self.take("||") {
            parts.push(self.conjunction()?);
        }
        self.join(parts, Kind::Or)
    }

    fn conjunction(&mut self) -> Result<Expr, Diagnostic> {
        let mut parts = vec![self.binary(0)?];
        while self.take("&&") {
            parts.push(self.binary(0)?);
        }
        self.join(parts, Kind::And)
    }

    fn join(&mut self, mut parts: Vec<Expr>, kind: fn(Vec<Expr>) -> Kind) -> Result<Expr, Diagnostic> {
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let span = parts[0].span.to(parts[parts.len() - 1].span);
        self.make(span, kind(parts))
    }

    fn operator(&self, level: usize) -> Option<Binary> {
        let Token::Mark(mark) = self.peek() else { return None };
        Some(match (level, *mark) {
            (0, "==") => Binary::Equal,
            (0, "!=") => Binary::NotEqual,
            (0, "<") => Binary::Less,
            (0, "<=") => Binary::LessEqual,
            (0, ">") => Binary::Greater,
            (0, ">=") => Binary::GreaterEqual,
            (0, "in") => Binary::In,
            (1, "+") => Binary::Add,
            (1, "-") => Binary::Subtract,
            (2, "*") => Binary::Multiply,
            (2, "/") => Binary::Divide,
            (2, "%") => Binary::Remainder,
            _ => return None,
        })
    }

    /// Relations (level 0), sums (1) and products (2), each from the left.
    fn binary(&mut self, level: usize) -> Result<Expr, Diagnostic> {
        if level == 3 {
            return self.unary();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(level) {
            self.next();
            let right = self.binary(level + 1)?;
            let span = left.span.to(right.span);
            left = self.make(span, Kind::Binary(operator, Box::new([left, right])))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, Diagnostic> {
        let start = self.at;
        let first = self.span();
        let mark = if self.is("!") { "!" } else { "-" };
        while self.take(mark) {}
        let count = self.at - start;
        if mark == "-" && count > 0 {
            // The sign next to a number belongs to it, so that the smallest whole number can be written.
            if let Token::Int(..) | Token::Literal(Value::Double(_)) = self.peek() {
                self.at -= 1;
                let literal = self.member()?;
                return self.wrap(count - 1, first, literal, Kind::Neg);
            }
        }
        let inner = self.member()?;
        self.wrap(count, first, inner, if mark == "!" { Kind::Not } else { Kind::Neg })
    }

    fn wrap(&mut self, count: usize, first: Span, mut inner: Expr, kind: fn(Box<Expr>) -> Kind) -> Result<Expr, Diagnostic> {
        // Two negations cancel; `!!x` and `--x` keep one pair so that types are still checked.
        let count = if count > 2 { 2 - count % 2 } else { count };
        for _ in 0..count {
            let span = first.to(inner.span);
            inner = self.make(span, kind(Box::new(inner)))?;
        }
        Ok(inner)
    }

    fn member(&mut self) -> Result<Expr, Diagnostic> {
        let mut operand = self.primary()?;
        loop {
            if self.take(".") {
                let optional = self.take("?");
                operand = self.after_dot(operand, optional)?;
            } else if self.take("[") {
                let optional = self.take("?");
                let index = self.expression()?;
                let span = operand.span.to(self.expect("]")?);
                operand = self.make(span, Kind::Index { operand: Box::new(operand), index: Box::new(index), optional })?;
            } else if self.is("{") && qualified(&operand).is_some() {
                operand = self.message(operand)?;
            } else {
                return Ok(operand);
            }
        }
    }

    fn after_dot(&mut self, operand: Expr, optional: bool) -> Result<Expr, Diagnostic> {
        let (token, name_span) = self.next();
        let field = match token {
            Token::Ident(name) => name,
            Token::Quoted(name) => {
                let span = operand.span.to(name_span);
                return self.make(span, Kind::Select { operand: Box::new(operand), field: name, optional });
            }
            _ => {
                self.at -= usize::from(self.at > 0 && token != Token::End);
                return self.unexpected("名前", "a name");
            }
        };
        if optional || !self.take("(") {
            let span = operand.span.to(name_span);
            return self.make(span, Kind::Select { operand: Box::new(operand), field, optional });
        }
        let (args, end) = self.arguments(")")?;
        let span = operand.span.to(end);
        self.method(span, operand, field, name_span, args)
    }

    fn arguments(&mut self, close: &str) -> Result<(Vec<Expr>, Span), Diagnostic> {
        let mut args = Vec::new();
        if self.is(close) {
            return Ok((args, self.next().1));
        }
        loop {
            args.push(self.expression()?);
            if !self.take(",") {
                return Ok((args, self.expect(close)?));
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Diagnostic> {
        let (token, span) = self.next();
        match token {
            Token::Literal(value) => self.make(span, Kind::Literal(value)),
            Token::Int(text, base) => self.integer(&text, base, span, false),
            Token::Mark("-") => match self.next() {
                (Token::Int(text, base), end) => self.integer(&text, base, span.to(end), true),
                (Token::Literal(Value::Double(number)), end) => self.make(span.to(end), Kind::Literal(Value::Double(-number))),
                _ => self.unexpected("数", "a number"),
            },
            Token::Mark("(") => {
                let mut inner = self.expression()?;
                inner.span = span.to(self.expect(")")?);
                Ok(inner)
            }
            Token::Mark("[") => self.list(span),
            Token::Mark("{") => self.map(span),
            Token::Mark(".") => match self.next() {
                (Token::Ident(name), end) => self.name(name, span.to(end), true),
                _ => self.unexpected("名前", "a name"),
            },
            Token::Ident(name) => self.name(name, span, false),
            Token::Quoted(_) | Token::Mark(_) | Token::End => {
                self.at -= usize::from(self.at > 0 && token != Token::End);
                self.unexpected("値か名前", "a value or a name")
            }
        }
    }

    fn integer(&mut self, text: &str, base: u32, span: Span, negative: bool) -> Result<Expr, Diagnostic> {
        let signed = if negative { format!("-{text}") } else { text.to_owned() };
        match i64::from_str_radix(&signed, base) {
            Ok(number) => self.make(span, Kind::Literal(Value::Int(number))),
            Err(_) => self.fail(span, Code::Syntax, "数が大きすぎます", "this number is too large"),
        }
    }

    fn name(&mut self, name: Arc<str>, span: Span, absolute: bool) -> Result<Expr, Diagnostic> {
        if RESERVED.contains(&&*name) || &*name == "while" {
            let (ja, en) = (format!("「{name}」は名前に使えません"), format!("{name:?} is a reserved word"));
            return self.fail(span, Code::Syntax, &ja, &en);
        }
        if !self.take("(") {
            return self.make(span, Kind::Ident { name, absolute });
        }
        let (args, end) = self.arguments(")")?;
        let whole = span.to(end);
        if &*name == "has" {
            return self.has(whole, args);
        }
        let name = if absolute { format!(".{name}").into() } else { name };
        self.make(whole, Kind::Call { target: None, name, name_span: span, args })
    }

    fn has(&mut self, span: Span, args: Vec<Expr>) -> Result<Expr, Diagnostic> {
        match <[Expr; 1]>::try_from(args) {
            Ok([Expr { kind: Kind::Select { operand, field, optional }, .. }]) => self.make(span, Kind::Has { operand, field, optional }),
            _ => self.fail(
                span,
                Code::Syntax,
                "has() には has(resident.died_on) のように項目を一つ書きます",
                "has() takes one field, as in has(resident.died_on)",
            ),
        }
    }

    fn list(&mut self, open: Span) -> Result<Expr, Diagnostic> {
        let mut items = Vec::new();
        while !self.is("]") {
            let optional = self.take("?");
            items.push((self.expression()?, optional));
            if !self.take(",") {
                break;
            }
        }
        let span = open.to(self.expect("]")?);
        self.make(span, Kind::List(items))
    }

    fn map(&mut self, open: Span) -> Result<Expr, Diagnostic> {
        let mut entries = Vec::new();
        while !self.is("}") {
            let optional = self.take("?");
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, self.expression()?, optional));
            if !self.take(",") {
                break;
            }
        }
        let span = open.to(self.expect("}")?);
        self.make(span, Kind::Map(entries))
    }

    /// `Name{field: value}`: read to its end, so that the checker can say that messages are not offered.
    fn message(&mut self, name: Expr) -> Result<Expr, Diagnostic> {
        self.expect("{")?;
        while !self.is("}") {
            self.take("?");
            match self.next().0 {
                Token::Ident(_) | Token::Quoted(_) => {}
                _ => return self.unexpected("項目名", "a field name"),
            }
            self.expect(":")?;
            self.expression()?;
            if !self.take(",") {
                break;
            }
        }
        let span = name.span.to(self.expect("}")?);
        let name = qualified(&name).unwrap_or_default();
        self.make(span, Kind::Message(name.into()))
    }

    /// A call with a receiver: a macro when its name and arguments are a macro's, a method otherwise.
    fn method(&mut self, span: Span, target: Expr, name: Arc<str>, name_span: Span, args: Vec<Expr>) -> Result<Expr, Diagnostic> {
        if &*name == "bind" && args.len() == 3 && qualified(&target).as_deref() == Some("cel") {
            let [variable, value, body]: [Expr; 3] = args.try_into().unwrap_or_else(|_| unreachable!("three arguments were counted"));
            let name = self.variable(&variable)?;
            return self.make(span, Kind::Bind { name, value: Box::new(value), body: Box::new(body) });
        }
        let Some((macro_, names, filter)) = macro_shape(&name, args.len()) else {
            return self.make(span, Kind::Call { target: Some(Box::new(target)), name, name_span, args });
        };
        let mut args = args.into_iter();
        let mut next = || args.next().expect("the macro's arguments were counted");
        let first = self.variable(&next())?;
        let second = if names == 2 { Some(self.variable(&next())?) } else { None };
        let filter = if filter { Some(next()) } else { None };
        let body = next();
        let comprehension = Comprehension { macro_, range: target, name: first, second, filter, body };
        self.make(span, Kind::Comprehension(Box::new(comprehension)))
    }

    fn variable(&self, expr: &Expr) -> Result<Arc<str>, Diagnostic> {
        match &expr.kind {
            Kind::Ident { name, absolute: false } => Ok(name.clone()),
            _ => self.fail(expr.span, Code::Syntax, "ここには m のような名前を一つ書きます", "this must be a simple name such as m"),
        }
    }
}

/// The macro a method call is, by name and number of arguments: which, how many names it declares, whether it has a filter.
fn macro_shape(name: &str, args: usize) -> Option<(Macro, usize, bool)> {
    Some(match (name, args) {
        ("all", 2) => (Macro::All, 1, false),
        ("all", 3) => (Macro::All, 2, false),
        ("exists", 2) => (Macro::Exists, 1, false),
        ("exists", 3) => (Macro::Exists, 2, false),
        ("exists_one" | "existsOne", 2) => (Macro::ExistsOne, 1, false),
        ("exists_one" | "existsOne", 3) => (Macro::ExistsOne, 2, false),
        ("map", 2) => (Macro::Map, 1, false),
        ("map", 3) => (Macro::Map, 1, true),
        ("filter", 2) => (Macro::Filter, 1, false),
        ("transformList", 3) => (Macro::Map, 2, false),
        ("transformList", 4) => (Macro::Map, 2, true),
        ("transformMap", 3) => (Macro::TransformMap, 2, false),
        ("transformMap", 4) => (Macro::TransformMap, 2, true),
        ("transformMapEntry", 3) => (Macro::TransformMapEntry, 2, false),
        ("transformMapEntry", 4) => (Macro::TransformMapEntry, 2, true),
        ("optMap", 2) => (Macro::OptMap, 1, false),
        ("optFlatMap", 2) => (Macro::OptFlatMap, 1, false),
        _ => return None,
    })
}

/// The dotted name an expression is, when it is one.
pub(crate) fn qualified(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Ident { name, absolute } => Some(if *absolute { format!(".{name}") } else { name.to_string() }),
        Kind::Select { operand, field, optional: false } => qualified(operand).map(|operand| format!("{operand}.{field}")),
        _ => None,
    }
}

fn deepest(kind: &Kind) -> u16 {
    let of = |exprs: &[&Expr]| exprs.iter().map(|expr| expr.depth).max().unwrap_or(0);
    match kind {
        Kind::Literal(_) | Kind::Ident { .. } | Kind::Message(_) => 0,
        Kind::Select { operand, .. } | Kind::Has { operand, .. } | Kind::Not(operand) | Kind::Neg(operand) => operand.depth,
        Kind::Index { operand, index, .. } => of(&[operand, index]),
        Kind::Call { target, args, .. } => args.iter().map(|arg| arg.depth).max().unwrap_or(0).max(target.as_ref().map_or(0, |t| t.depth)),
        Kind::List(items) => items.iter().map(|(item, _)| item.depth).max().unwrap_or(0),
        Kind::Map(entries) => entries.iter().map(|(key, value, _)| of(&[key, value])).max().unwrap_or(0),
        Kind::And(parts) | Kind::Or(parts) => parts.iter().map(|part| part.depth).max().unwrap_or(0),
        Kind::Cond(parts) => parts.iter().map(|part| part.depth).max().unwrap_or(0),
        Kind::Binary(_, parts) => parts.iter().map(|part| part.depth).max().unwrap_or(0),
        Kind::Comprehension(c) => of(&[&c.range, &c.body]).max(c.filter.as_ref().map_or(0, |filter| filter.depth)),
        Kind::Bind { value, body, .. } => of(&[value, body]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_and_not_overflowed() {
        for deep in ["(".repeat(100_000), "[".repeat(60_000), "!".repeat(60_000), "-".repeat(60_000), "1+".repeat(30_000)] {
            assert!(parse(&deep).is_err());
        }
        assert!(parse(&format!("{}true", "!".repeat(60_000))).is_ok());
        assert_eq!(parse(&format!("1{}", "+1".repeat(2_000))).expect_err("too deep").code, Code::TooLarge);
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        let error = parse("resident.current &&\n  today <= ").expect_err("unfinished");
        assert_eq!((error.line, error.column, error.code), (2, 12, Code::Syntax));
        assert_eq!(parse("a = b").expect_err("single").en, "write == instead of =");
    }
}
