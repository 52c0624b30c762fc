//! The resident's own pages: prove, link, home, who looked.
