export const column = (name: string, type = 'string', format = '') => ({
  name,
  type,
  format,
  priority: 0,
  description: '',
});
