import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFolder } from './folder.ts';
import { readRuby } from './ruby.ts';
import { rubyRoutes } from './ruby-routes.ts';

function read(files: Record<string, string>): ReturnType<typeof readRuby> {
  const directory = mkdtempSync(join(tmpdir(), 'ruby-'));
  try {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
    return readRuby(openFolder(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a constraint that lets the minor version grow takes the newest, others what they say', () => {
  const version = (line: string): string => read({ Gemfile: line }).languageVersion.value;
  assert.deepEqual(
    ['ruby "3.2.2"', "ruby '~> 3.1'", 'ruby "~> 3.1.4"', 'ruby ">= 2.7"', 'ruby "2.7.8"', ''].map(version),
    ['3.2', '3.3', '3.1', '2.7', '2.7', '3.3'],
  );
});

test('gems for development and tests alone are none of the image', () => {
  const { packages } = read({
    Gemfile:
      'gem "a"\ngroup :development do\n  gem "b"\nend\ngem "c", group: :test\ngroup :production, :test do\n  gem "d"\nend\n# gem "e"\n',
  });
  assert.deepEqual(
    packages.map(({ value, source }) => `${value} ${source}`),
    ['a Gemfile:1', 'd Gemfile:7'],
  );
});

test('the server is the one that the app brings, in order of what says most', () => {
  const start = (files: Record<string, string>): string | undefined => read(files).start(9000)?.value;
  assert.equal(start({ Gemfile: 'gem "puma"', 'config.ru': '' }), 'bundle exec puma -b tcp://0.0.0.0:9000');
  assert.equal(
    start({ Gemfile: 'gem "rack"', 'config.ru': '' }),
    'bundle exec rackup --host 0.0.0.0 --port 9000 --env production',
  );
  assert.equal(
    start({ Gemfile: 'gem "sinatra"', 'app.rb': 'require "sinatra"' }),
    'bundle exec ruby app.rb -o 0.0.0.0 -p 9000 -e production',
  );
  assert.equal(start({ 'server.rb': '' }), 'ruby server.rb');
  assert.equal(start({ Gemfile: 'gem "rake"' }), undefined);
});

test('variables with a default as argument, block or alternative; those of the tools are left out', () => {
  const { variables } = read({
    'app.rb':
      'ENV["A"] || "1"\nENV.fetch("B", 2)\nENV.fetch("C") { "3" }\nENV.fetch("D")\nENV["RACK_ENV"]\nENV["E"] = "x"\n# ENV["F"]\n',
  });
  assert.deepEqual(
    variables.map(({ name, fallback }) => `${name}=${fallback ?? '-'}`),
    ['A=1', 'B=2', 'C=3', 'D=-'],
  );
});

test('routes of Rails stand below their namespaces and scopes', () => {
  const text =
    'Rails.application.routes.draw do\n  get "up" => "rails/health#show"\n  namespace :admin do\n    resources :users\n    scope "/v2" do\n      get "x", to: "a#b"\n    end\n  end\n  root "home#index"\nend\n';
  assert.deepEqual(
    rubyRoutes({ path: 'config/routes.rb', text }).map(({ method, path, role }) => `${method} ${path} ${role ?? '-'}`),
    ['GET /up health', 'GET /admin/users -', 'GET /admin/v2/x -', 'GET / -'],
  );
});
