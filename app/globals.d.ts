/** What the build puts in place of these names; see app/build/vite.config.js. */
declare const __PYODIDE__: string;
declare const __PYSCRIPT__: string;

declare module 'virtual:python' {
  const url: string;
  export default url;
}

declare module '*?url' {
  const url: string;
  export default url;
}

declare module '*.css';
