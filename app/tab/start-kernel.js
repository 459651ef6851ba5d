/**
 * What the page does first: it starts Python. The build has the browser run this as soon as it is there, while the rest
 * of the page is still being read; app/tab/main.js connects what comes of it.
 */
import { Kernel } from './kernel/kernel.js';
import { spawn } from './kernel/spawn.js';

export const kernel = new Kernel(spawn);

kernel.start();
