/** What the build puts in place of these names; see app/site/vite.config.js. */
declare const __PYODIDE__: string;
declare const __PYSCRIPT__: string;
declare const __PYTHON__: string;
declare const __FILES__: { url: string; revision: string | null }[];
declare const __LOCK_INFO__: import('pyodide').LockfileInfo;

declare module 'virtual:python' {
  const url: string;
  export default url;
}

declare module 'virtual:later-words' {
  const url: string;
  export default url;
}

declare module 'virtual:later-judging' {
  const url: string;
  export default url;
}

declare module 'virtual:interpreter' {
  const url: string;
  export default url;
}

declare module 'virtual:snapshot' {
  const url: string;
  export default url;
  export const digest: string;
}

declare module '*?raw' {
  const text: string;
  export default text;
}

declare module '*.css';

/** What index.html has asked for: app/shared/prefetch.js. */
interface Window {
  ahead?: import('./shared/prefetch.js').Ahead;
}
