// The library of SAMP ends with an export for Node.
var module = {};
