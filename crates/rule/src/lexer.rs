//! Cuts the source into words.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::value::Value;

/// The longest source that is read, in bytes.
pub(crate) const MAX_SOURCE_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Ident(Arc<str>),
    Quoted(Arc<str>),
    Literal(Value),
    /// A whole number's digits, kept until its sign is known: text, base.
    Int(String, u32),
    Mark(&'static str),
    End,
}

const MARKS: [&str; 27] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}", "=", "&",
    "|",
];

pub(crate) fn lex(source: &str) -> Result<Vec<(Token, Span)>, Diagnostic> {
    if source.len() > MAX_SOURCE_BYTES {
        let (ja, en) = ("ルールが長すぎます（64 KiB まで）", "the rule is too long (64 KiB at most)");
        return Err(Diagnostic::new(source, Span::new(0, 1), Code::TooLarge, ja, en));
    }
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, Span::new(start, lexer.at)));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}', '\u{3000}']).len();
            self.at += blank;
            if !self.rest().starts_with("//") {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn fail<T>(&self, start: usize, ja: &str, en: &str) -> Result<T, Diagnostic> {
        let end = self.at.max(start + self.source[start..].chars().next().map_or(0, char::len_utf8));
        Err(Diagnostic::new(self.source, Span::new(start, end), Code::Syntax, ja, en))
    }

    fn token(&mut self) -> Result<Token, Diagnostic> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if let Some(prefix) = self.string_prefix() {
            return self.string(prefix);
        }
        if first == '_' || first.is_ascii_alphabetic() {
            return Ok(self.word());
        }
        let dot_digit = first == '.' && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit());
        if first.is_ascii_digit() || dot_digit {
            return self.number();
        }
        if first == '`' {
            return self.quoted();
        }
        match MARKS.iter().find(|mark| self.rest().starts_with(**mark)) {
            Some(mark) if !matches!(*mark, "=" | "&" | "|") => {
                self.at += mark.len();
                Ok(Token::Mark(mark))
            }
            Some(mark) => {
                let ja = format!("「{mark}」は二つ重ねて「{mark}{mark}」と書きます");
                self.fail(self.at, &ja, &format!("write {mark}{mark} instead of {mark}"))
            }
            None => {
                let ja = format!("「{first}」はここでは使えません（記号は半角で書きます）");
                self.fail(self.at, &ja, &format!("the character {first:?} cannot stand here"))
            }
        }
    }

    fn word(&mut self) -> Token {
        let length = self.rest().find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(self.rest().len());
        let word = &self.source[self.at..self.at + length];
        self.at += length;
        match word {
            "true" => Token::Literal(Value::Bool(true)),
            "false" => Token::Literal(Value::Bool(false)),
            "null" => Token::Literal(Value::Null),
            "in" => Token::Mark("in"),
            _ => Token::Ident(word.into()),
        }
    }

    fn quoted(&mut self) -> Result<Token, Diagnostic> {
        let start = self.at;
        let inner = &self.source[start + 1..];
        let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' ')));
        match end {
            Some(end) if end > 0 && inner[end..].starts_with('`') => {
                self.at = start + end + 2;
                Ok(Token::Quoted(inner[..end].into()))
            }
            _ => self.fail(start, "「`」で囲んだ名前が正しくありません", "this quoted name is not well formed"),
        }
    }

    fn digits(&mut self, accept: impl Fn(char) -> bool) -> usize {
        let length = self.rest().find(|c: char| !accept(c)).unwrap_or(self.rest().len());
        self.at += length;
        length
    }

    fn number(&mut self) -> Result<Token, Diagnostic> {
        let start = self.at;
        let (mut base, mut from) = (10, start);
        let mut double = false;
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.at += 2;
            (base, from) = (16, self.at);
            self.digits(|c| c.is_ascii_hexdigit());
        } else {
            self.digits(|c| c.is_ascii_digit());
            if self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
                double = true;
                self.at += 1;
                self.digits(|c| c.is_ascii_digit());
            }
            let exponent = self.rest().strip_prefix(['e', 'E']);
            if exponent.is_some_and(|e| e.strip_prefix(['+', '-']).unwrap_or(e).starts_with(|c: char| c.is_ascii_digit())) {
                double = true;
                self.at += 2;
                self.digits(|c| c.is_ascii_digit());
            }
        }
        let text = self.source[from..self.at].to_owned();
        if double {
            return match text.parse::<f64>() {
                Ok(number) => Ok(Token::Literal(Value::Double(number))),
                Err(_) => self.fail(start, "数として読めません", "this is not a number"),
            };
        }
        if self.rest().starts_with(['u', 'U']) {
            self.at += 1;
            return match u64::from_str_radix(&text, base) {
                Ok(number) => Ok(Token::Literal(Value::Uint(number))),
                Err(_) => self.fail(start, "数が大きすぎます", "this number is too large"),
            };
        }
        if text.is_empty() {
            return self.fail(start, "数として読めません", "this is not a number");
        }
        Ok(Token::Int(text, base))
    }

    /// The letters before a quote, when a string starts here: raw?, bytes?, and their count.
    fn string_prefix(&self) -> Option<(bool, bool, usize)> {
        let (mut raw, mut bytes) = (false, false);
        for (index, c) in self.rest().chars().take(3).enumerate() {
            match c {
                '"' | '\'' => return Some((raw, bytes, index)),
                'r' | 'R' if !raw => raw = true,
                'b' | 'B' if !bytes => bytes = true,
                _ => return None,
            }
        }
        None
    }

    fn string(&mut self, (raw, bytes, prefix): (bool, bool, usize)) -> Result<Token, Diagnostic> {
        let start = self.at;
        self.at += prefix;
        let quote = if self.rest().starts_with('"') { '"' } else { '\'' };
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let long = self.rest().starts_with(&triple);
        let close = if long { triple } else { quote.to_string() };
        self.at += close.len();
        let mut out: Vec<u8> = Vec::new();
        loop {
            if self.rest().starts_with(&close) {
                self.at += close.len();
                break;
            }
            let at = self.at;
            match self.peek() {
                None => return self.fail(start, "文字列が閉じていません", "this text is not closed"),
                Some('\n' | '\r') if !long => return self.fail(start, "文字列が閉じていません", "this text is not closed"),
                Some('\\') if !raw => self.escape(bytes, &mut out, at)?,
                Some('\\') => {
                    self.at += 1;
                    out.push(b'\\');
                    if let Some(next) = self.peek().filter(|c| *c == quote || *c == '\\') {
                        self.at += 1;
                        out.push(next as u8);
                    }
                }
                Some(c) => {
                    self.at += c.len_utf8();
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        if bytes {
            return Ok(Token::Literal(Value::Bytes(out.into())));
        }
        match String::from_utf8(out) {
            Ok(text) => Ok(Token::Literal(Value::String(text.into()))),
            Err(_) => self.fail(start, "文字列が正しくありません", "this text is not well formed"),
        }
    }

    fn escape(&mut self, bytes: bool, out: &mut Vec<u8>, start: usize) -> Result<(), Diagnostic> {
        self.at += 1;
        let letter = self.peek();
        self.at += letter.map_or(0, char::len_utf8);
        let simple = match letter {
            Some('a') => 7,
            Some('b') => 8,
            Some('f') => 12,
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('v') => 11,
            Some(c @ ('\\' | '?' | '"' | '\'' | '`')) => c as u8,
            Some('x' | 'X') => return self.code(2, 16, bytes, out, start),
            Some('u') if !bytes => return self.code(4, 16, false, out, start),
            Some('U') if !bytes => return self.code(8, 16, false, out, start),
            Some('0'..='3') => {
                self.at -= 1;
                return self.code(3, 8, bytes, out, start);
            }
            _ => return self.fail(start, "「\\」の後の文字が正しくありません", "this escape is not known"),
        };
        out.push(simple);
        Ok(())
    }

    fn code(&mut self, length: usize, base: u32, byte: bool, out: &mut Vec<u8>, start: usize) -> Result<(), Diagnostic> {
        let digits = self.rest().get(..length).filter(|d| d.chars().all(|c| c.is_digit(base)));
        let number = digits.and_then(|d| u32::from_str_radix(d, base).ok());
        self.at += if number.is_some() { length } else { 0 };
        match (number, byte) {
            (Some(number), true) => out.push(number as u8),
            (Some(number), false) if char::from_u32(number).is_some() => {
                let c = char::from_u32(number).unwrap_or_default();
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return self.fail(start, "「\\」の後の文字が正しくありません", "this escape is not a character"),
        }
        Ok(())
    }
}
