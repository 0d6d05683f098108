const token = document.querySelector("[name=csrf_token]").value;

async function ask(method) {
	const answer = await fetch("/session", {method, headers: {"X-CSRF-Token": token}});
	if (!answer.ok) return; // Redis is down: ask again later
	const {active, expires_in} = await answer.json();
	document.getElementById("ends").hidden = active && (expires_in === null || expires_in > 120);
}

document.getElementById("stay").onclick = () => ask("POST");
setInterval(ask, 60000, "GET");
ask("GET");
