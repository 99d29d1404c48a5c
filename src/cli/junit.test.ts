import assert from 'node:assert/strict';
import { test } from 'node:test';
import { junitOf } from './junit.ts';

test('results become one suite; what XML does not allow is left out or escaped', () => {
  const text = junitOf('a & b', [
    { name: 'GET /', tookMs: 12, fault: undefined },
    { name: 'GET /?a="<1>"', tookMs: 0, fault: 'answered 500: \u0007boom & <bust>' },
  ]);
  assert.equal(
    text,
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="a &#38; b" tests="2" failures="1">
  <testcase classname="a &#38; b" name="GET /" time="0.012"/>
  <testcase classname="a &#38; b" name="GET /?a=&#34;&#60;1&#62;&#34;" time="0"><failure message="answered 500: boom &#38; &#60;bust&#62;"/></testcase>
</testsuite>
`,
  );
});
