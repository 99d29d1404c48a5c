/** PyPI names whose Debian package is not `python3-NAME`. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  gunicorn: ['gunicorn'],
  uvicorn: ['uvicorn'],
  hypercorn: ['hypercorn'],
  daphne: ['daphne'],
  mysqlclient: ['python3-mysqldb'],
  'flask-mysqldb': ['python3-flask-mysqldb'],
  'mysql-connector-python': ['python3-mysql.connector'],
  'psycopg2-binary': ['python3-psycopg2'],
  psycopg: ['python3-psycopg'],
  pyyaml: ['python3-yaml'],
  pillow: ['python3-pil'],
  beautifulsoup4: ['python3-bs4'],
  pyjwt: ['python3-jwt'],
  pyopenssl: ['python3-openssl'],
  'python-dotenv': ['python3-dotenv'],
  'python-dateutil': ['python3-dateutil'],
  'python-decouple': ['python3-decouple'],
  'django-environ': ['python3-django-environ'],
  djangorestframework: ['python3-djangorestframework'],
  'mysql-connector': ['python3-mysql.connector'],
};

/** The Debian package that carries a PyPI package (normalised name, extras left out). */
export function debianPackage(name: string): readonly string[] {
  return (Object.hasOwn(NAMES, name) ? NAMES[name] : undefined) ?? [`python3-${name.replace(/^python-/, '')}`];
}
