import { baseTitle, buildRecipe, install } from './stand-in-recipe.ts';
import type { StandIn } from './stand-in-types.ts';

/**
 * Debian's Python as a virtual environment at /usr/local: `python`, `pip` and `site-packages` stand where the official
 * image has them, and pip installs there without further ado.
 */
export const pythonStandIn: StandIn = async (request) => {
  const { tag } = request;
  const image = await buildRecipe(
    request,
    `${install(['ca-certificates', 'python3', 'python3-venv', 'netbase', 'tzdata', ...(/slim|alpine/.test(tag) ? [] : ['curl', 'git'])])}
RUN python3 -m venv /usr/local && rm -f /usr/local/.gitignore \\
 && sed -i 's/^include-system-site-packages.*/include-system-site-packages = true/' /usr/local/pyvenv.cfg \\
 && rm -f /usr/local/bin/Activate.ps1 /usr/local/bin/activate* && python --version && pip --version
RUN python -c 'import platform; print(platform.python_version())' > /usr/local/share/python-version
ENV LANG=C.UTF-8
CMD ["python3"]
`,
  );
  const version = ((await request.store.library.readText(image, '/usr/local/share/python-version')) ?? '').trim();
  const own = image.config.config;
  const config = { ...image.config, config: { ...own, Env: [...(own?.Env ?? []), `PYTHON_VERSION=${version}`] } };
  const lacks = [
    /alpine/.test(tag) ? 'not Alpine: no apk' : '',
    /slim|alpine/.test(tag) ? '' : 'without compilers',
  ].filter(Boolean);
  const note = `${baseTitle()} packages: Python ${version}`;
  return { config, note: lacks.length > 0 ? `${note} (${lacks.join(', ')})` : note };
};
