import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditAt, docker, FLASK, finds, leaves, node, python, withFolder } from './sample-app.ts';

const { 'package-lock.json': _, ...unlocked } = node({ 'server.js': '' });
finds('no-lockfile', 'a package.json alone', unlocked, 'package.json:1');
finds('no-lockfile', 'a Gemfile alone', docker({ Gemfile: "gem 'sinatra'\n" }), 'Gemfile:1');
leaves('no-lockfile', 'a lockfile of another package manager', { ...unlocked, 'yarn.lock': '' });
leaves('no-lockfile', 'an app without packages', docker({ 'go.mod': 'module shop\n' }));

finds('version-open', 'bare names', python({}, 'flask\nrequests==2.32.0\n'), 'requirements.txt:1');
finds('version-open', 'a lower bound alone', python({}, 'flask==3.1.0\nrequests>=2\n'), 'requirements.txt:2');
finds('version-open', 'latest in package.json', node({}, { express: 'latest' }), 'package.json:8');
leaves(
  'version-open',
  'bounded versions, options and comments',
  python({ 'base.txt': '' }, '# flask\n-r base.txt\nflask>=3,<4\ngunicorn~=23.0\n'),
);
leaves('version-open', 'requirements of development', python({ 'requirements-dev.txt': 'pytest\n' }));
leaves('version-open', 'a script that is a star', node({ 'server.js': '' }));

const THUMB = 'import subprocess\n\ndef thumb():\n    subprocess.run(["ffmpeg", "-i", "a"])\n';
finds('program-not-installed', 'ffmpeg in Python', python({ 'thumb.py': THUMB }), 'thumb.py:4');
finds('program-not-installed', 'convert in Node.js', node({ 'app.js': "exec('convert a.png b.jpg');\n" }), 'app.js:1');
finds(
  'program-not-installed',
  'pandoc in Go',
  docker({ 'main.go': 'package main\n\nvar c = exec.Command("pandoc", "-o")\n' }),
  'main.go:3',
);
leaves(
  'program-not-installed',
  'a program that the Dockerfile installs',
  python({
    'thumb.py': THUMB,
    Dockerfile: 'FROM python:3.13\nRUN apt-get install -y ffmpeg\nCMD ["python", "app.py"]\n',
  }),
);
leaves('program-not-installed', 'a comment', python({ 'thumb.py': '# subprocess.run(["ffmpeg"])\n' }));
leaves('program-not-installed', 'programs of every image', node({ 'app.js': "execSync('ls -l'); convert('a');\n" }));

test('no-lockfile leaves a workspace alone whose lockfile lies above', () =>
  withFolder(
    {
      'pyproject.toml': '[tool.uv.workspace]\nmembers = ["api"]\n',
      'uv.lock': '',
      'api/pyproject.toml': '[project]\nname = "api"\ndependencies = ["flask"]\n',
      'api/app.py': FLASK,
    },
    async (directory) => {
      const { findings } = await auditAt(join(directory, 'api'), []);
      assert.deepEqual(
        findings.filter(({ rule }) => rule === 'no-lockfile'),
        [],
      );
    },
  ));
