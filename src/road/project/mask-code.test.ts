import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CodeFamily, maskCode } from './mask-code.ts';

const masked = (text: string, family: CodeFamily): string => maskCode(text, family).replace(/ +/g, ' ').trim();

test('comments are blanked out and every position stays', () => {
  for (const family of ['go', 'java', 'csharp', 'rust', 'php'] as const) {
    const text = 'a // b "c"\n/* d\n e */ f("//not", "/*nor*/")';
    const result = maskCode(text, family);
    assert.equal(result.length, text.length, family);
    assert.equal(result.split('\n').length, 3, family);
    assert.equal(masked(text, family), 'a \n \n f("//not", "/*nor*/")', family);
  }
});

test("each language's own strings hold what looks like a comment", () => {
  assert.equal(masked('x := `// raw\n"` // gone', 'go'), 'x := `// raw\n"`');
  assert.equal(masked(`c == '"' // gone`, 'go'), `c == '"'`);
  assert.equal(masked('var s = @"C:\\"; // gone', 'csharp'), 'var s = @"C:\\";');
  assert.equal(masked('let s = r#"// "raw""#; // gone', 'rust'), 'let s = r#"// "raw""#;');
  assert.equal(masked(`fn f<'a>(x: &'a str) {} // gone`, 'rust'), `fn f<'a>(x: &'a str) {}`);
  assert.equal(masked('String s = """\n // kept\n """; // gone', 'java'), 'String s = """\n // kept\n """;');
});

test('the hash of PHP is a comment but before an attribute, that of Ruby but within a string', () => {
  assert.equal(masked('#[Route("/x")] # gone\n', 'php'), '#[Route("/x")]');
  assert.equal(masked('puts "#{name} # kept" # gone', 'ruby'), 'puts "#{name} # kept"');
  assert.equal(masked('a\n=begin\nENV["X"]\n=end\nb', 'ruby').replace(/\s+/g, ' '), 'a b');
});
