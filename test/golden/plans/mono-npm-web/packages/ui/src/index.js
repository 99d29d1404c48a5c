export const button = () => {};
