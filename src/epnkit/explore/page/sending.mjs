// Sending tables to programs by SAMP's web profile.

let connector = null;

// Sends [{ name, url }], each the address of a VOTable; rejects if there is no hub.
export function sendTables(tables) {
  connector ||= new samp.Connector("epnkit explore", { "samp.description.text": "Rows found on a page of epnkit" });
  return new Promise((done, failed) => {
    samp.ping((runs) => {
      if (!runs) return failed(new Error("no hub"));
      connector.runWithConnection((connection) => {
        for (const { name, url } of tables) {
          connection.notifyAll([new samp.Message("table.load.votable", { url, name, "table-id": url })]);
        }
        done();
      }, (error) => failed(new Error(String(error))));
    });
  });
}
