const base = process.env.REACT_APP_API_BASE;
export default base;
