/** The browsers for the tests: those that are here, else those that can be had. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { asProgram, CACHE, Failure, npm, reason, run, TOP, withTemporaryFolder } from '../app/tools/tools.js';

/** Playwright finds its own build without a path. */
const OWN = '';

const INSTALLED = [
  // Chromium without what belongs to windows, as Playwright's own build is: the tests take a fifth less of it.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const SPARTICUZ = '@sparticuz/chromium@153.0.0';
const SPARTICUZ_FOLDER = join(CACHE, 'chromium-153.0.0');
const SPARTICUZ_PATH = join(SPARTICUZ_FOLDER, 'start');

/** Quiet and off-line: a browser under test has no business of its own. */
const ARGS = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * @typedef {{name: string, fits: () => boolean | Promise<boolean>, get: () => Promise<string>}} Route to a Chromium;
 *   `get` gives its path
 */

/**
 * Playwright's launch options for a path. Its default is no sandbox, as root and containers need.
 * @param {string} path
 */
export const launchOptions = (path) => ({ args: ARGS, ...(path && { executablePath: path }) });

/** Without a window Playwright starts a build of its own, which stands beside the one whose path it tells. */
const ownFolder = () => chromium.executablePath().replace(/chromium-(\d+).*/, 'chromium_headless_shell-$1');

/** @param {string} path */
async function starts(path) {
  if (!existsSync(path || ownFolder())) return false;
  try {
    const browser = await chromium.launch({ ...launchOptions(path), timeout: 30_000 });
    await browser.close();
    return true;
  } catch {
    return false;
  }
}

export async function onDebianAsRoot() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
  return /^ID="?debian"?$/m.test(await readFile('/etc/os-release', 'utf8'));
}

/** @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
async function must(program, args, env) {
  const { code, output } = await run(program, args, { env: { ...process.env, ...env } });
  if (code) throw new Failure(reason(output, /^(E|Error): /));
}

async function installOwn() {
  await must(process.execPath, [
    join(TOP, 'node_modules/@playwright/test/cli.js'),
    'install',
    '--only-shell',
    'chromium',
  ]);
  return OWN;
}

/** @param {string[]} packages */
export async function installDebian(packages) {
  await must('apt-get', ['update']);
  await must('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** @param {string} name of a package, which is its program's, too @returns {Route} */
const debians = (name) => ({
  name: `Debian's package ${name}`,
  fits: onDebianAsRoot,
  async get() {
    await installDebian([name]);
    return `/usr/bin/${name}`;
  },
});

/** It brings the libraries that a bare system lacks, and fonts for one that has none. */
const STARTER = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -d /etc/fonts ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
`;

const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${SPARTICUZ_FOLDER}/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
`;

/** Run in the folder where the package is installed; it unpacks into TMPDIR. */
const UNPACK = `
import chromium, { inflate } from '@sparticuz/chromium';
await chromium.executablePath();
await inflate('node_modules/@sparticuz/chromium/bin/al2023.tar.br');
`;

/** A build that comes through the npm registry: 70 MB, 215 MB unpacked. */
const installSparticuz = () =>
  withTemporaryFolder(CACHE, async (folder) => {
    // A package.json makes this folder npm's own; --prefix would also move npm's global settings here.
    await writeFile(join(folder, 'package.json'), '{}');
    await npm(['install', SPARTICUZ], folder);
    const unpacked = join(folder, 'unpacked');
    await mkdir(unpacked);
    const { code, output } = await run(process.execPath, ['--input-type=module', '-e', UNPACK], {
      cwd: folder,
      env: { ...process.env, TMPDIR: unpacked },
    });
    if (code) throw new Failure(reason(output, /^Error: /));
    await writeFile(join(unpacked, 'start'), STARTER, { mode: 0o755 });
    await writeFile(join(unpacked, 'fonts.conf'), FONTS);
    await rm(SPARTICUZ_FOLDER, { recursive: true, force: true });
    await rename(unpacked, SPARTICUZ_FOLDER);
    return SPARTICUZ_PATH;
  });

/** @type {Route[]} */
export const ROUTES = [
  { name: "Playwright's own build", fits: () => true, get: installOwn },
  debians('chromium-headless-shell'),
  debians('chromium'), // older releases have no other
  {
    name: `npm's ${SPARTICUZ} (70 MB)`,
    fits: () => process.platform === 'linux' && process.arch === 'x64',
    get: installSparticuz,
  },
];

/**
 * The path of a Chromium that was seen to start; '' stands for Playwright's own.
 * @param {{here?: string[], routes?: Route[]}} [where] paths to look at, and ways to get one
 */
export async function chromiumPath({ here = [OWN, ...INSTALLED, SPARTICUZ_PATH], routes = ROUTES } = {}) {
  for (const path of here) if (await starts(path)) return path;
  for (const { name, fits, get } of routes) {
    if (!(await fits())) continue;
    console.log(`No Chromium starts here: trying ${name} ...`);
    try {
      const path = await get();
      if (await starts(path)) return path;
      console.log('  it does not start.');
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.log(`  ${error.message}`);
    }
  }
  throw new Failure(
    'The browser tests need Chromium: install it (Debian: apt-get install chromium-headless-shell; ' +
      'elsewhere: npx playwright install --with-deps chromium).',
  );
}

/** @typedef {{name: string, packages: string[], missing: () => string[]}} Browser `missing`: what is not here */

/** @param {string[]} paths */
const missing = (...paths) => paths.filter((path) => !existsSync(path));

/** @type {Browser & {path: string}} */
export const FIREFOX = {
  name: 'Firefox ESR',
  path: '/usr/bin/firefox-esr',
  packages: ['firefox-esr'],
  missing: () => missing(FIREFOX.path),
};

const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** @type {Browser & {driver: string, paths: string[]}} */
export const WEBKIT = {
  name: 'WebKitGTK',
  driver: '/usr/bin/WebKitWebDriver',
  paths: ['4.1', '4.0', '6.0'].map((version) => `/usr/lib/${MACHINE}-linux-gnu/webkit2gtk-${version}/MiniBrowser`),
  packages: ['webkit2gtk-driver', 'xvfb'],
  missing: () => [
    ...missing(WEBKIT.driver, '/usr/bin/Xvfb'),
    ...(WEBKIT.paths.some(existsSync) ? [] : ['MiniBrowser']),
  ],
};

/**
 * Installs what a browser lacks, if this is CI and Debian's packages can be installed here.
 * @param {Browser} browser
 * @returns {Promise<string>} why it is still missing; '' if it is here
 */
export async function ensure({ name, packages, missing }) {
  if (!missing().length) return '';
  const advice = `${name} is missing (Debian: apt-get install ${packages.join(' ')})`;
  if (!process.env.CI || !(await onDebianAsRoot())) return advice;
  try {
    await installDebian(packages);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `${advice}: ${error.message}`;
  }
  return missing().length ? advice : '';
}

await asProgram(import.meta.url, async () => console.log((await chromiumPath()) || "Playwright's own"));
