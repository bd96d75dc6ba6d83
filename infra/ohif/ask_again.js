(function askAgain(pauseMs) {
              // An archive that restarts is away for seconds; a tile is asked for only once.
              return client.retrieveInstanceFrames(retrieveOptions).catch(function (error) {
                if (error.status !== 503 || pauseMs > 16000) throw error;
                return new Promise(function (resolve) {
                  setTimeout(resolve, pauseMs);
                }).then(function () {
                  return askAgain(2 * pauseMs);
                });
              });
            })(1000).then