//! The town staff's pages: bridge runs, matching queue, people, audit.
