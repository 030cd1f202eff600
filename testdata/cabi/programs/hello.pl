# ZMQ::FFI on the library: requests, parts, subscriptions, options, errors.
use strict;
use warnings;
use ZMQ::FFI qw(ZMQ_REQ ZMQ_REP ZMQ_XPUB ZMQ_SUB ZMQ_PUSH ZMQ_PULL ZMQ_DONTWAIT ZMQ_LAST_ENDPOINT ZMQ_RCVHWM);

alarm 30;

sub check { my ($ok, $what) = @_; die "failed: $what\n" unless $ok }

my $context = ZMQ::FFI->new(soname => 'libzmq.so.5');
check(join('.', $context->version) eq '4.3.5', 'version');

my ($rep, $req) = ($context->socket(ZMQ_REP), $context->socket(ZMQ_REQ));
$rep->bind('tcp://127.0.0.1:*');
(my $endpoint = $rep->get(ZMQ_LAST_ENDPOINT, 'string')) =~ s/\0//;
$req->connect($endpoint);
for my $i (1 .. 100) {
	$req->send("request $i");
	check($rep->recv eq "request $i", 'request');
	$rep->send_multipart(['reply', $i, 'x' x 50_000]);
	my @reply = $req->recv_multipart;
	check(@reply == 3 && $reply[1] == $i && length $reply[2] == 50_000, 'reply');
}

my ($xpub, $sub) = ($context->socket(ZMQ_XPUB), $context->socket(ZMQ_SUB));
$xpub->bind('ipc://@cabi-perl');
$sub->connect('ipc://@cabi-perl');
$sub->subscribe('a');
check($xpub->recv eq "\1a", 'subscription');
$xpub->send($_) for qw(b a1 c a2);
check($sub->recv eq 'a1' && $sub->recv eq 'a2', 'subscribed');
check(!$sub->has_pollin, 'nothing more');

my ($push, $pull) = ($context->socket(ZMQ_PUSH), $context->socket(ZMQ_PULL));
$pull->set(ZMQ_RCVHWM, 'int', 7);
check($pull->get(ZMQ_RCVHWM, 'int') == 7, 'option');
$pull->bind('inproc://perl');
$push->connect('inproc://perl');
$push->die_on_error(0);
$push->bind('xyz://x');
check($push->has_error && $push->last_strerror =~ /not supported/, 'error');
$push->send($_) for 1 .. 5;
check($pull->has_pollin && $pull->recv == 1, 'poll');

$_->set_linger(0), $_->close for $rep, $req, $xpub, $sub, $push, $pull;
$context->destroy;
