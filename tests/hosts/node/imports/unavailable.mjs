// How an import answers `err`: jco takes what is thrown with a `payload`. An error without one would end the call.

/** Makes the error of a function whose `err` is a text for logs. It tells the plugin nothing of what went wrong. */
export const unavailable = (why = 'unavailable') => failure(why);

/** Makes the error of a function whose `err` is `payload`. */
export const failure = (payload) => Object.assign(new Error('err'), { payload });
