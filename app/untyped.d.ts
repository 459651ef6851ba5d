// Packages that come without types.
declare module 'markdown-it-texmath';
declare module 'plotly.js-basic-dist-min';
declare module 'markdown-it-container';
