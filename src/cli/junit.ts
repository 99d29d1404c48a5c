export interface JunitCase {
  readonly name: string;
  readonly tookMs: number;
  readonly fault: string | undefined;
}

/** Results as pipelines read them: one suite of JUnit's XML. */
export function junitOf(suite: string, cases: readonly JunitCase[]): string {
  const failed = cases.filter(({ fault }) => fault !== undefined).length;
  const lines = cases.map(({ name, tookMs, fault }) => {
    const head = `  <testcase classname="${attribute(suite)}" name="${attribute(name)}" time="${tookMs / 1000}"`;
    return fault === undefined ? `${head}/>` : `${head}><failure message="${attribute(fault)}"/></testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${attribute(suite)}" tests="${cases.length}" failures="${failed}">`,
    ...lines,
    '</testsuite>',
    '',
  ].join('\n');
}

/** Control characters are not allowed in XML 1.0 at all. */
function attribute(text: string): string {
  const allowed = [...text].filter((letter) => letter >= ' ' || letter === '\t').join('');
  return allowed.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
