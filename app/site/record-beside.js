/** A thread of record.js: what the blocks of the pages give that are recorded beside the others. */
import { parentPort } from 'node:worker_threads';
import { BESIDE, record } from './record.js';

parentPort?.postMessage(await record((page) => BESIDE.includes(page)));
