/** The last step of a sign-in: its window closes, by itself when all is done, else by its button. */

const back = document.getElementById("close");
if (back) {
  back.onclick = () => {
    window.close();
    setTimeout(() => back.replaceWith("Your session waits in the window that you came from."), 300); // still here
  };
}
if (document.documentElement.dataset["done"] === "true") window.close();
