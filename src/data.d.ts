// Files of facts are bundled as text and parsed when first needed.
declare module '*.data' {
  const text: string;
  export default text;
}
