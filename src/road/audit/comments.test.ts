import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blankComments } from './comments.ts';
import { dialectOf } from './subject.ts';

const blanked = (path: string, text: string): string => {
  const code = blankComments(text, path, dialectOf(path));
  assert.equal(code.length, text.length);
  return code.replace(/[ \n]+/g, ' ').trim();
};

test('comments of every language are blanked out, strings that look like them stay', () => {
  assert.equal(blanked('a.js', "x('http://a'); // y\n/* one\n * two\n */ z(`// no`);"), "x('http://a'); z(`// no`);");
  assert.equal(blanked('a.py', '"""Says\nmuch."""\nx = """kept"""  # y\n'), 'x = """kept"""');
  assert.equal(blanked('a.go', 'a := "// no" // y\n/* b\nc */ d'), 'a := "// no" d');
  assert.equal(blanked('a.rb', "a = '# no' # y\n=begin\nb\n=end\nc"), "a = '# no' c");
  assert.equal(blanked('a.php', "<?php // y\n# z\n#[Route]\n$a = '#b';"), "<?php #[Route] $a = '#b';");
  assert.equal(blanked('a.rs', "fn f<'a>(x: &'a str) {} // it's\n/* y */"), "fn f<'a>(x: &'a str) {}");
  assert.equal(blanked('a.yaml', 'a: "#b" # c\nd: e#f\n'), 'a: "#b" d: e#f');
  assert.equal(blanked('a.xml', '<a/><!-- b\nc --><d/>'), '<a/> <d/>');
});

test('a comment that is never closed ends with the file', () => {
  assert.equal(blanked('a.js', 'a; /* b\nc'), 'a;');
});
