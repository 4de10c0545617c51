/** The last step of a sign-in: the window goes where the browser lets it; otherwise its words say what to do. */

window.close();
