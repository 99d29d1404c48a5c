pub fn rule() {}
