/**
 * The text with comments (and, for Python, docstrings) blanked out, every position unchanged. Strings stay. Where a
 * JavaScript regular expression holds a quote the rest of that line may be taken for a string; the next line is right again.
 */
export function maskComments(text: string, language: 'node' | 'python'): string {
  return language === 'node' ? maskScript(text) : maskPython(text);
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

function maskScript(text: string): string {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
  return text.replace(pattern, (match, offset: number) => {
    if (!match.startsWith('/')) return match;
    // `https://` outside a string: a regular expression or JSX text, not a comment.
    if (match.startsWith('//') && text[offset - 1] === ':') return match;
    return blank(match);
  });
}

function maskPython(text: string): string {
  const pattern =
    /#[^\n]*|(?:"""(?:\\[\s\S]|(?!""")[^\\])*(?:"""|$)|'''(?:\\[\s\S]|(?!''')[^\\])*(?:'''|$))|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return text.replace(pattern, (match, offset: number) => {
    if (match.startsWith('#')) return blank(match);
    if (!match.startsWith('"""') && !match.startsWith("'''")) return match;
    // A docstring stands at the start of a line; a triple-quoted value stands after something.
    const before = text.slice(text.lastIndexOf('\n', offset) + 1, offset);
    return before.trim() === '' ? blank(match) : match;
  });
}
