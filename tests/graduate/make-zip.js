/** Makes the zip as the page makes it: node tests/graduate/make-zip.js WHAT-PYTHON-PRINTED.json TO.zip */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { graduateFiles, zipped } from '../../app/shared/graduate-files.js';

const [made, to] = process.argv.slice(2);
const PY = new URL('../../py/', import.meta.url);
/** @type {Record<string, string>} */
const python = {};
for (const folder of ['graduate', 'preflab', 'words'])
  for (const name of await readdir(new URL(folder, PY)))
    if (/\.(py|md|txt)$/.test(name))
      python[`${folder}/${name}`] = await readFile(new URL(`${folder}/${name}`, PY), 'utf8');
await writeFile(to, zipped(graduateFiles(python, JSON.parse(await readFile(made, 'utf8')))));
